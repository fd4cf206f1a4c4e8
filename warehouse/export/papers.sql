-- One row per direction and member.
select
    direction, paper_id, title, authors, published, primary_category, probability, similarity, rule, cluster,
    cluster_place
from paper
order by direction, paper_id
