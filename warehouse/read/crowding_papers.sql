-- One row per countable paper up to a month, in the order of the MD5 of the ids; whether it is a review or a first
-- application is told of papers with an abstract from the month $since on.
-- Params: $last, $since, $review_title, $review_abstract, $not_review, $first, $first_title
with chosen as (
    select *, abstract is not null and month >= $since::date as told
    from paper
    where not_counted is null and month <= $last::date
)
select
    id,
    (year(month) * 12 + month(month) - 1)::bigint as month,
    array_to_string(categories, ' ') as categories,
    in_field,
    told,
    told and not regexp_matches(title, $not_review, 'i')
        and (regexp_matches(title, $review_title, 'i') or regexp_matches(abstract, $review_abstract, 'i')) as review,
    told and (regexp_matches(title, $first_title, 'i') or regexp_matches(abstract, $first, 'i')) as first_application
from chosen
order by md5(id)
