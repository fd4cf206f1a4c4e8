-- One row per direction whose slug begins with $start.
select slug from direction where starts_with(slug, $start) order by slug
