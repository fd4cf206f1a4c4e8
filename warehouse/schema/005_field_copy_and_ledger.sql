-- A copy of the whole field, kept current by OAI-PMH, and a ledger of every request.

drop index paper_month;

alter table paper rename column imported to in_field;
-- in_field: a copy of the whole field holds it (an imported file, an OAI listing), not only a direction's harvest

alter table paper add column first_seen date;
-- first_seen: the day on which it was first stored here; null where nobody noted it

create table oai_list (                  -- where the listing of an OAI set stands; committed with the page it tells of
    set_spec         text primary key,   -- cs, stat, physics:astro-ph, ...; empty: the whole of arXiv
    since            date,               -- datestamp from which the listing under way asks; null: from the beginning
    token            text,               -- where it goes on; null: at its beginning, or finished
    started_on       date,               -- the source's own day (responseDate) of its first page: the next one's `since`
    oldest           date,               -- oldest and newest datestamp received since it began to ask from `since`
    newest           date,
    in_order         boolean not null,   -- datestamps never went back: a new start from `newest` would lose nothing
    pages            bigint not null,
    records          bigint not null,
    under_way        boolean not null,
    base             text,               -- what the copy rests on: listing, or the name of an imported file; null: nothing
    base_to          date,               -- the last day that an imported base is taken to hold; null for a listing
    current_to       date,               -- all that had changed before this day is held; null: no listing has finished
    finished_at      timestamp
);

create sequence request_number;

create table harvest_request (           -- the ledger: a row per request, the repeated ones included
    number           bigint primary key default nextval('request_number'),
    source           text not null,      -- arxiv-api, oai-pmh
    kind             text not null,      -- papers, count, records
    subject          text not null,      -- a direction, a category set, or an OAI set
    first_day        date,               -- of submission (arxiv-api), of the datestamp (oai-pmh); null: from the beginning
    last_day         date,               -- null: without an end
    place            text not null,      -- where in the answer: first entry's number, or the resumption token
    attempt          integer not null,   -- 1; 2 and more where the same was asked again after a failure
    asked_at         timestamp not null,
    waited_s         double not null,    -- before it: the source's pace, and patience after a failure
    seconds          double not null,    -- from asking to the end of the answer
    outcome          text not null,      -- answered, or the name of the error
    reason           text not null,      -- why it was not answered, or empty
    expected         bigint,             -- the source's own total; null where it does not say one
    received         bigint,             -- entries of this answer; null where there was none
    stored           bigint,             -- new or better known; null where the window's row tells it
    dropped          json not null       -- reason -> entries of this answer that were not stored
);

create table import_rejected (           -- rows of a file that could not be read, kept aside
    source           text not null,
    imported_at      timestamp not null,
    place            text not null,      -- such as "line 17"
    reason           text not null,
    content          text not null        -- its beginning
);

alter table import_file add column fingerprint text;
-- fingerprint: of the file's content and the rule it was read by; null where nobody took it

create table field_month (               -- what each month of each set of categories is worth, and why
    category_set     text not null,
    month            date not null,
    held             bigint not null,    -- countable papers that are stored
    reported         bigint,             -- what the source says there are; null where it was not asked
    late             bigint,             -- of `held`, first seen here more than the reporting delay after the month's end
    growth           double,             -- expected final count / held, where papers may still arrive; null: not known
    growth_low       double,             -- 80% interval
    growth_high      double,
    lost             double not null,    -- papers that holes in the run of ids suggest are lacking
    status           text not null,      -- as model.MonthStatus
    reason           text not null,
    source           text not null,
    primary key (category_set, month)
);
