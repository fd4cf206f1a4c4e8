-- What was asked of a source, window by window, and how complete each month is.

create table harvest_window (            -- a checkpoint: a done window is not asked again
    source           text not null,
    direction        text not null,
    query            text not null,      -- fingerprint of the query that was asked
    first_day        date not null,
    last_day         date not null,
    expected         bigint,             -- the source's own total; null where it never said one
    received         bigint not null,
    stored           bigint not null,
    requests         integer not null,
    failure          text,               -- null: the window is complete
    asked_at         timestamp not null,
    primary key (source, direction, query, first_day, last_day)
);

create table harvest_drop (              -- entries that were received and not stored, by reason
    source           text not null,
    direction        text not null,
    first_day        date not null,
    last_day         date not null,
    reason           text not null,
    rows             bigint not null,
    examples         text[] not null
);

create table exposure (                  -- the field: papers with any of a set of categories in a month
    category_set     text not null,      -- sorted, joined by a space
    month            date not null,
    papers           bigint not null,
    status           text not null,      -- as model.MonthStatus
    source           text not null,      -- arxiv-api (a count request) or import (counted here)
    reason           text not null,
    primary key (category_set, month, source)
);

create table coverage (                  -- a statement about imported months, such as a coverage file
    category         text not null,
    month            date not null,
    status           text not null,      -- A complete, B nearly, T titles only, S biased sample, M missing
    recall           text not null,
    source           text not null,
    primary key (category, month)
);
