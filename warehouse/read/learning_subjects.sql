-- One row per direction whose judged hits were enough to learn from, the last time.
select subject from derived where stage = 'learn' order by subject
