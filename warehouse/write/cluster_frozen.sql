-- cluster: what is frozen of those that an older littriage made, by number.
-- Params: $scope, $version, and lists of one length
update cluster
set centroid = given.centroid, radius = given.radius, cohesion = given.cohesion
from (
    select
        unnest($numbers::integer[]) as number, unnest($centroids::float[][]) as centroid,
        unnest($radii::float[]) as radius, unnest($cohesions::float[]) as cohesion
) as given
where cluster.scope = $scope and cluster.version = $version and cluster.number = given.number
