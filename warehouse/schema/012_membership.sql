-- A membership remembers what it was decided from, so that only hits of which that has changed are decided anew.

alter table membership add column rests_on ubigint;
-- rests_on: hash of the instrument (rule, model, prototypes), of the paper's text and of its hit; null: decided by an
-- older littriage

create table prototype_text (            -- vectors of the catalogue's texts, which prototypes are made of
    model            text primary key,   -- name and revision of the model
    stamp            text not null,      -- of the texts
    dim              integer not null,
    value            blob not null       -- float32 unit rows, little-endian, in the order of the texts
);

delete from derived where stage in ('decide', 'run');
