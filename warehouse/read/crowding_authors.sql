-- One row per countable paper up to a month, in the order of read/crowding_papers: its authors. Params: $last
select authors
from paper
where not_counted is null and month <= $last::date
order by md5(id)
