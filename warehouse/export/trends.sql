-- One row per direction and month, empty months included.
select
    direction, month, papers, members, exposure,
    papers / nullif(exposure, 0) as share, status, reason
from trend_point
order by direction, month
