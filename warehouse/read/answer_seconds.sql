-- One row: median seconds of the last 200 answers of a source; null where there is none. Params: $source
with latest as (
    select seconds from harvest_request where source = $source and outcome = 'answered' order by number desc limit 200
)
select median(seconds) as seconds from latest
