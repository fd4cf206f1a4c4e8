-- The published file: what a reader may open. No abstracts, no vectors. Filled by warehouse/export/.
-- `meta` holds: schema, run, as_of, published_at, last_month, notice, and the rule, model and tier stamps.

create table meta (key text primary key, value text not null);

create table theme (slug text primary key, name text not null, name_zh text not null);

create table direction (
    slug text primary key, theme text not null, name text not null, name_zh text not null, scope text not null,
    category_set text not null,          -- of its query
    field text not null,                 -- the categories that its share is measured in: all of them, or one
    query text not null
);

create table claim (
    subject text not null, number integer not null, document text not null, author text not null, date text not null,
    first_month text not null, last_month text not null, stance text not null, paraphrase text not null,
    locator text not null, inferred boolean not null, repost_of text,
    span_start integer, span_end integer, -- characters of the document that it rests on
    paraphrase_zh text,
    primary key (subject, number)
);

create table trend_point (
    direction text not null, month date not null, papers double not null, members integer not null,
    exposure bigint not null, status text not null, reason text not null,
    undecided double,                    -- variance of `papers`, from papers whose membership is only a probability
    primary key (direction, month)
);

create table verdict (
    direction text primary key, as_of date not null, stage text not null,
    growth double, growth_low double, growth_high double, p_up double, p_down double, p_flat double,
    growth_raw double, growth_raw_se double, months integer,
    papers_12m double, share_12m double, exposure_12m bigint, peak_ratio double, peak_month date, saturation double,
    first_month date, last_month date, reasons json not null, rule text not null, membership_rule text not null,
    flips double,                        -- part of the perturbations that give another stage; null: none were tried
    flips_to text                        -- the stage that they give most often
);

create table cluster (
    direction text not null, number integer not null, label text not null, terms text[] not null,
    papers integer not null, model text not null,
    name text, name_zh text, named_by text, -- given by a language model and checked; null: the label stands
    born_on date,                        -- when its number was given, which it keeps
    primary key (direction, number)
);

create table cluster_set (               -- versions of the sub-topics of each direction
    direction text not null, version integer not null, made_on date not null,
    reason text not null,                -- first, asked, model, rule, taken over
    papers integer not null,             -- that it was made of
    model text not null, rule text not null,
    assigned integer, unassigned integer, -- papers now; null of a version that stands no more
    advice text,                         -- unassigned, outgrown: why making it anew is advised; empty: it is not
    primary key (direction, version)
);

create table cluster_event (             -- continues, splits, merges, born, dies
    direction text not null, version integer not null, happened_on date not null, event text not null,
    old integer[] not null, new integer[] not null,
    papers integer[] not null            -- that they share: of each pair, in the order of the longer list
);

create table cluster_overlap (           -- papers that a version and the one before share; null: in no sub-topic
    direction text not null, version integer not null, old integer, new integer, papers integer not null
);

create table brief (                     -- a few checked sentences about each direction
    direction text not null, lang text not null, place integer not null, sentence text not null,
    papers text[] not null,              -- ids that it rests on: papers, and record:<slug>@<day>#<figure>
    worded_by text not null,             -- the model, or template
    primary key (direction, lang, place)
);

create table brief_check (               -- what the checks have dropped from what the model worded
    direction text not null, lang text not null, kept integer not null, dropped json not null,
    primary key (direction, lang)
);

create table paper (                     -- the members of each direction
    direction text not null, paper_id text not null, title text not null, authors text[] not null,
    published date not null, primary_category text, probability float not null, similarity float not null,
    rule text not null, cluster integer, cluster_place integer, primary key (direction, paper_id)
);

create table failure (stage text not null, subject text not null, reason text not null);

create table field_month (               -- what each month of the categories that a direction is measured in is worth
    category_set text not null, month date not null, held bigint not null, reported bigint, late bigint,
    growth double, growth_low double, growth_high double, lost double not null,
    status text not null, reason text not null, source text not null, primary key (category_set, month)
);

create table outlook (                   -- what is expected of each direction
    direction text not null, as_of date not null, horizon integer not null,
    p_rise double, p_up double, p_fall double, growth_low double, growth_high double, added double,
    model text not null, base_month date, like_cases json, parts json not null,
    abstained text not null,             -- why no probability is given; empty where one is
    primary key (direction, horizon)
);

create table forecast (                  -- all that was ever expected, and what became of it by today's counts
    direction text not null, as_of date not null, horizon integer not null, model text not null,
    revision integer not null,           -- 0: the forecast on record; later ones are of the same day, from other counts
    made_at timestamp not null, run_id text not null,
    hindsight boolean not null,          -- made more than 31 days after as_of: no part of the record
    base_month date, base_papers double, base_exposure bigint, stage text not null,
    p_rise double, p_up double, p_fall double, growth_low double, growth_high double, added double,
    abstained text not null, rule text not null, query text not null, field text not null,
    state text not null, why text not null,
    counted boolean not null,            -- the first of its direction, horizon and base month
    base_months integer, base_share_now double, later_months integer, later_share double,
    rose boolean, up boolean, fell boolean, changed text[] not null,
    primary key (direction, as_of, horizon, model, revision)
);

create table venue_opinion (             -- what the titles of accepted conference papers say of each direction
    direction text primary key, as_of date not null, last_year integer, sign text not null, reason text not null,
    papers integer not null, rule text not null
);

create table venue_change (              -- a direction's share of them in one year against a later one
    direction text not null, first_year integer not null, last_year integer not null, venues integer not null,
    papers_before integer not null, total_before integer not null, papers integer not null, total integer not null,
    change double not null, low double not null, high double not null, p_up double not null, p_flat double not null,
    primary key (direction, first_year)
);

create table venue_year (                -- by year, over the venues that every year of the direction's series has
    direction text not null, year integer not null, papers integer not null, total integer not null,
    primary key (direction, year)
);

create table venue_title (               -- accepted papers whose title matches a direction's query; no row is a zero
    direction text not null, venue text not null, year integer not null, papers integer not null,
    primary key (direction, venue, year)
);

create table venue_total (               -- accepted papers of each venue and year
    venue text not null, year integer not null, papers integer not null, primary key (venue, year)
);

create table sign (                      -- signs of saturation that stand beside each direction's counts
    direction text not null, kind text not null, last_month date not null,
    value double, low double, high double, measured double,
    base double,                         -- what `measured` is compared with; null: nothing
    n bigint not null, coverage double,
    lack text,                           -- why no value is given; null where one is
    made_with text not null, primary key (direction, kind)
);

create table field_cluster (             -- clusters of all papers, whatever direction they are in
    number integer primary key, label text not null, terms text[] not null, name text, name_zh text,
    category text not null,              -- that its share is measured in
    as_of date not null, stage text not null,
    growth double, growth_low double, growth_high double, p_up double,
    papers_12m double, share_12m double, last_month date,
    papers integer not null,             -- ever, whatever their category
    recent integer not null, claimed integer not null, -- of the last 12 months, and of these those in any direction
    unnamed boolean not null,            -- it rises, and directions claim few of the recent ones
    nearest text, nearest_cosine double, -- of unnamed ones: the nearest direction
    central text[] not null, central_titles text[] not null, -- of unnamed ones: recent papers at their centre
    draft text                           -- of unnamed ones: a direction as TOML
);
