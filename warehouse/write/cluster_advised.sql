-- cluster_set: why making a version anew is advised, or nothing. Params: $scope, $version, $advice
update cluster_set set advice = $advice where scope = $scope and version = $version
