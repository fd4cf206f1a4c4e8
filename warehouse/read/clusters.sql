-- One row per cluster of a version: what is frozen of it, and its name. Params: $scope, $version
select number, centroid, radius, cohesion, founders, born_on, name, name_zh, named_by
from cluster
where scope = $scope and version = $version
order by number
