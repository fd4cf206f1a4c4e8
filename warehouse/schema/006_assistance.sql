-- What a language model and persons add: answers, calls, judgements, names, briefs, documents.

create table llm_answer (                -- the cache: a question is asked once
    key              text primary key,   -- sha256 of model and question: ports.answer_key
    question         text not null,      -- sha256 of task, prompt version, instructions, schema and data
    model            text not null,
    task             text not null,      -- screen, name, brief, read
    answer           json not null,      -- fits the question's schema
    origin           text not null,      -- call, or the name of the imported file
    answered_at      timestamp not null
);

create sequence llm_call_number;

create table llm_call (                  -- the ledger: a row per request, the repeated and failed ones included
    number           bigint primary key default nextval('llm_call_number'),
    run_id           text not null,
    question         text not null,
    task             text not null,
    subject          text not null,
    model            text not null,
    place            text not null,      -- host that was asked; never a key
    asked_at         timestamp not null,
    seconds          double not null,
    outcome          text not null,      -- answered, or the name of the error
    reason           text not null,
    tokens_in        bigint,             -- null: the server did not tell
    tokens_out       bigint,
    cost_usd         double              -- null: the price is not known; never 0 in its place
);

create table llm_question (              -- what the last run could not answer: what `littriage llm export` writes
    question         text primary key,
    task             text not null,
    subject          text not null,
    prompt           json not null,      -- version, instructions, data, schema, most tokens
    reason           text not null,
    run_id           text not null,      -- the run that left it open
    place            integer not null    -- 1 for the first that the run would have asked
);

create table judgement (                 -- what readers say of a paper and a direction: a person's word beats a model's
    paper_id         text not null,
    direction        text not null,
    judge            text not null,      -- person, or llm:<model>
    label            text not null,      -- as model.Label
    text_hash        text not null,      -- of the title and abstract that were read
    scope_hash       text not null,      -- of the scope that was judged by
    note             text not null,
    judged_at        timestamp not null,
    primary key (paper_id, direction, judge)
);

create table unlabelled (                -- what a model was asked about and gave no label: not asked about again
    paper_id         text not null,
    direction        text not null,
    judge            text not null,      -- llm:<model>
    text_hash        text not null,      -- of the title and abstract that were read
    scope_hash       text not null,      -- of the scope that was judged by
    version          text not null,      -- of the question
    primary key (paper_id, direction)
);

alter table hit add column mentions usmallint default 1;
-- mentions: how often the query's rarest OR-group occurs in title and abstract
alter table hit add column read_share double default 1;
-- read_share: share of the words, title first, that are read until every OR-group has occurred

-- A column that has a constraint cannot be added: what is derived is made anew by the next run anyway.
alter table membership add column probability_any double default 0;
-- probability_any: that the paper is core or related
alter table membership add column label text default 'out';
-- label: core, related or out (model.Label)
alter table membership add column decided_by text default 'rule';
-- decided_by: rule, learned, llm or person
alter table membership add column rule_probability double;
alter table membership add column rule_probability_any double;
-- rule_probability, rule_probability_any: what the semantic rule said before anyone judged; null where it was not kept
alter table membership add column learned_probability double;
alter table membership add column learned_probability_any double;
-- learned_probability, learned_probability_any: what was learned from the direction's judged hits says in the rule's place;
-- of a judged hit, as if that one had not been judged. Null: the rule stands

create table learning (                  -- what a direction's judged hits have taught: a row for each target
    direction        text not null,
    target           text not null,      -- core, any (core or related)
    way              text not null,      -- rule, recalibrated, learned: which one speaks for hits that nobody judged
    judged           integer not null,   -- hits that it was fitted on
    positive         integer not null,   -- of those, judged core, or core or related
    low              double not null,    -- the rule's probabilities for which it speaks
    high             double not null,
    loss_rule        double not null,    -- mean log loss over the judged hits, in nats
    loss_recalibrated double not null,   -- the same, each hit by a fit that has not seen it
    loss_learned     double not null,
    brier_rule       double not null,    -- mean squared error of the rule's probabilities
    brier            double not null,    -- of those of `way`, each by a fit that has not seen the hit
    expected         double not null,    -- sum of the latter: beside `positive`
    primary key (direction, target)
);

alter table trend_point add column undecided double default 0;
-- undecided: variance of `papers` that comes from papers whose membership is a probability

alter table cluster add column name text;
alter table cluster add column name_zh text;
alter table cluster add column named_by text;
-- name, name_zh: given by a language model and checked; null: the label of terms stands. named_by: the model

create table brief (                     -- a few checked sentences per direction and language
    direction        text not null,
    lang             text not null,      -- en, zh
    place            integer not null,   -- 1 for the first sentence
    sentence         text not null,
    papers           text[] not null,    -- ids that it rests on: papers, and record:<slug>@<day>#<figure>
    worded_by        text not null,      -- the model, or template
    primary key (direction, lang, place)
);

create table brief_check (               -- how many sentences the checks have dropped, by direction and language
    direction        text not null,
    lang             text not null,
    kept             integer not null,
    dropped          json not null,      -- reason -> sentences
    primary key (direction, lang)
);

create table document (                  -- documents that were read: what a locator's offsets count in
    sha256           text primary key,   -- of `content`
    name             text not null,
    content          text not null,      -- decoded, markup taken out
    day              text not null,      -- YYYY, YYYY-MM or YYYY-MM-DD; empty where it is not known
    read_at          timestamp not null
);

alter table claim add column span_start integer;
alter table claim add column span_end integer;
-- span_start, span_end: characters of the document that the claim rests on; null where nobody noted them
alter table claim add column paraphrase_zh text default '';

delete from derived where stage in ('decide', 'run');
