-- One row: the clusters of the whole field, and those of them whose months allow a verdict.
select count(*), count(*) filter (where stage not in ('not measurable', 'incomplete month', 'too little data'))
from field_cluster
