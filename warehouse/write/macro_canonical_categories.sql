-- canonical_categories(categories): the rule of canonical_categories in identity.py.
create or replace temp macro canonical_categories(categories_) as case
    when len(categories_) < 2 then list_transform(categories_, lambda one: category_name(one))
    else list_filter(
        list_transform(categories_, lambda one: category_name(one)),
        lambda name, place: list_position(list_transform(categories_, lambda one: category_name(one)), name) = place
    )
end
