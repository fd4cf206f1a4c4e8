-- One row per cluster of the whole field that rises and that directions claim little of; by the lower end of growth.
select
    number, label, terms, name, name_zh, category, as_of, stage, growth, growth_low, growth_high, p_up,
    papers_12m, share_12m, last_month, papers, recent, claimed, nearest, nearest_cosine, central, central_titles, draft
from field_cluster
where unnamed
order by growth_low desc, number
