-- One row: memberships that make a paper a member of a direction.
select count(*) from membership where member
