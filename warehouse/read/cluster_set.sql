-- At most one row: the version of a scope's clusters that stands, and the last number given. Params: $scope
select
    version, model, rule, made_on, papers, made_of, reason, advice,
    (select max(number) from cluster where scope = $scope)
from cluster_set
where scope = $scope
order by version desc
limit 1
