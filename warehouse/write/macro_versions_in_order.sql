-- versions_in_order(versions): (number, created) of each version of a line of arXiv's snapshot that tells its number.
create or replace temp macro versions_in_order(versions_) as list_sort(list_filter(
    list_transform(
        versions_,
        lambda one: struct_pack(number := try_cast(ltrim(one.version, 'v') as integer), created := one.created)
    ),
    lambda one: one.number is not null
))
