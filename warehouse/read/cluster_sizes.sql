-- One row: papers of a scope in clusters and in the pool. Params: $scope
select count(number), count(*) - count(number) from cluster_member where scope = $scope
