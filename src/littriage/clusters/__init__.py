"""Clusters of papers as a frozen, versioned set.

`grouping` makes groups, `terms` says what sets them apart, `frozen` gives later papers their places among them and
finds newcomers, `lineage` says what became of the clusters of one version in the next. All of it is pure: papers and
vectors in, values out.
"""
