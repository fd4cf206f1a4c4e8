-- Papers as harvested: one row per work, by base id, and what was received and not stored.

create table paper (
    id               text primary key,   -- base id without version: 2103.00112, hep-th/9901001
    version          integer,            -- of this title and abstract; null where the source does not tell
    title            text not null,
    abstract         text,               -- null: the source gave the title only
    authors          text[] not null,
    categories       text[] not null,    -- the primary one first; empty where the source does not tell
    published        date not null,      -- day of the first version
    date_kind        text not null,      -- submitted, announced (a few days late) or month (its first day)
    month            date not null,      -- first day of the month in the id: the bucket of every count
    updated          timestamp,
    comments         text,
    not_counted      text,               -- null: counted; else why not: withdrawn, popularity sample
    text_hash        text not null,      -- md5 of title, newline, abstract: notices a changed text
    source           text not null,      -- where this version came from: arxiv-api or the file's name
    imported         boolean not null,   -- an imported file holds it: it is part of the field that files make up
    matched_with     text                -- stamp of the lexical rule and the catalogue it was last matched with
);

create index paper_month on paper (month);

create table venue_paper (               -- accepted papers of conferences: another instrument, by year, never in a share
    id               text primary key,
    title            text not null,
    abstract         text,
    authors          text[] not null,
    venue            text not null,
    year             integer not null,
    status           text,
    keywords         text,
    source           text not null
);

create table import_file (               -- one row per import of a file: rows = stored + unchanged + the drops' rows
    source           text not null,
    imported_at      timestamp not null,
    rows             bigint not null,
    stored           bigint not null,
    unchanged        bigint not null
);

create table import_drop (               -- rows of an imported file that were not stored, by reason
    source           text not null,
    imported_at      timestamp not null,
    reason           text not null,
    rows             bigint not null,
    examples         text[] not null
);
