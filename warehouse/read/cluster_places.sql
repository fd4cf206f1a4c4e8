-- One row per paper of a scope: its cluster, or null in the pool. Params: $scope
select paper_id, number from cluster_member where scope = $scope order by paper_id
