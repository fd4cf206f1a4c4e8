-- One row per cluster of the whole field of the version that stands: its characteristic terms.
select number, terms from cluster
where scope = '' and version = (select max(version) from cluster_set where scope = '')
order by number
