-- membership: drops those that rest on what is no more, as staged; those that are decided anew among them.
delete from membership
using undecided
where undecided.model is null
  and membership.paper_id = undecided.paper_id and membership.direction = undecided.direction
