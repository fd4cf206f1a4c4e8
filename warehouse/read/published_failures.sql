-- One row per thing that did not work in the published run.
select stage, subject, reason from failure order by stage, subject, reason
