-- One row: a stamp of all hits and of their papers' texts.
select
    coalesce(
        bit_xor(
            hash(hash(  -- twice: once folds the last value in by xor, and changes made in pairs would cancel out
                hit.paper_id, hit.direction, hit.phrases, hit.title_groups, hit.mentions, hit.read_share,
                paper.text_hash
            ))
        ),
        0
    ),
    count(*)
from hit
join paper on paper.id = hit.paper_id
where paper.not_counted is null
