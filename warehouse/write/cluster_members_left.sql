-- cluster_member: without these papers of a scope. Params: $scope, $ids
delete from cluster_member where scope = $scope and paper_id in (select unnest($ids::text[]))
