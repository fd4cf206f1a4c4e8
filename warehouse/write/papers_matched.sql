-- paper: remembers the rule and catalogue that these papers were matched with. Params: $ids, $matched_with
update paper set matched_with = $matched_with where id in (select unnest($ids::text[]))
