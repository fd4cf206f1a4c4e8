-- cluster_member: without the papers of a scope. Params: $scope
delete from cluster_member where scope = $scope
