-- Journals stand by the day that their run began on (days since 1970, UTC, by this database's clock), with what is kept beside them: what is old is dropped with its day, not deleted row
-- by row (docs/decisions/0009-journals-by-day.md). The days are made and dropped by services/spell-runner/retention/store.ts. What is here already stands under the day of this change.
alter table blobs drop constraint blobs_run_fkey;

do $do$
declare
  today integer := floor(extract(epoch from now()) / 86400);
  -- The part of the key that tells rows of one run apart.
  part text;
  kept text;
begin
  foreach kept in array array['batches', 'blobs'] loop
    part := case kept when 'batches' then 'first_seq' else 'hash' end;
    -- A column with a constant is added without touching a row.
    execute format('alter table %1$I add column day integer not null default %2$s', kept, today);
    execute format('alter table %1$I alter column day drop default, drop constraint %2$I', kept, kept || '_pkey');
    execute format('alter table %1$I rename to %2$I', kept, kept || '_' || today);
    execute format('create table %1$I (like %2$I including storage) partition by list (day)', kept, kept || '_' || today);
    -- The run first: who knows a run but not its day finds it in each of them by its index.
    execute format('alter table %1$I add primary key (run, %2$I, day)', kept, part);
    execute format('alter table %1$I attach partition %2$I for values in (%3$s)', kept, kept || '_' || today, today);
    -- What nobody foresaw.
    execute format('create table %1$I partition of %2$I default', kept || '_other', kept);
  end loop;
  execute format('alter table runs add column journal_day integer not null default %s', today);
  alter table runs alter column journal_day drop default;
end
$do$;

-- Who looks after the days, and until when. One row.
create table keeper (
  one boolean primary key default true check (one),
  runner text,
  until timestamptz not null default '-infinity'
);
insert into keeper default values;

-- Some have one of before.
drop function if exists commit_batches(json, json, json, text);
-- Commits batches of many runs (services/spell-runner/runs/commit.ts): runs with what changes of them and their entries, writes of state, blobs, the runner. Answers the
-- runs that were not refused. A function, because its plans are kept: to plan such statements takes longer than to run them. A plan may be as old as the
-- tables, which were empty then, and PGlite never analyzes by itself: it must not read all runs to find some.
create function commit_batches(json, json, json, text) returns setof text language plpgsql set enable_seqscan = off as $function$
#variable_conflict use_column
declare
  today integer := floor(extract(epoch from now()) / 86400);
  made text[];
  fine text[];
  -- The day of each of them.
  days integer[];
  fresh text[];
  mixed boolean;
  each integer[];
  d integer;
  ofday text[];
  w record;
begin
  with new as (
    insert into spell_runner.runs
      (id, owner, spell, revision, draft, library, limits, mode, session, keeps_state, status, inputs, outputs, error, last_seq, digest, attempt, runner, started_at, ended_at, journal_day)
    select b.run, b.owner, b.spell, b.revision, b.draft, b.library::json, b.limits::json, b.mode::json, b.session, b.keeps_state, coalesce(b.status, 'running'), b.inputs::json,
      coalesce(b.outputs, '{}')::json, b.error::json, b.last, coalesce(b.digest, ''), b.attempt, case when b.ended_at > 0 then null else $4 end, b.started_at, coalesce(b.ended_at, 0), today
    from json_to_recordset($1) as b(
      run text, attempt integer, last bigint, made boolean,
      owner text, spell text, revision integer, draft text, library text, limits text, mode text, inputs text, session text, keeps_state boolean, started_at bigint,
      status text, outputs text, error text, digest text, ended_at bigint)
    where b.made
    on conflict (id) do nothing
    returning id
  )
  select coalesce(array_agg(id), '{}') from new into made;
  fine := made;
  days := array_fill(today, array[cardinality(made)]);
  if cardinality(made) < json_array_length($1) then
    with moved as (
      update spell_runner.runs r set
        last_seq = b.last, status = coalesce(b.status, r.status), outputs = coalesce(b.outputs::json, r.outputs), error = coalesce(b.error::json, r.error),
        digest = coalesce(b.digest, r.digest), ended_at = coalesce(b.ended_at, r.ended_at), runner = case when b.ended_at > 0 then null else r.runner end
      from json_to_recordset($1) as b(
        run text, attempt integer, prev bigint, last bigint, status text, outputs text, error text, digest text, ended_at bigint)
      where not b.run = any (made) and r.id = b.run and r.attempt = b.attempt and (
        (r.runner = $4 and r.last_seq = b.prev)
        or (r.runner is null and r.last_seq = b.last and r.digest = b.digest)
        -- The same again: by its text, because a start that was sent twice may have begun twice here, in different ways under the same number.
        or (r.runner = $4 and r.last_seq = b.last and exists (
          select 1 from json_to_recordset($1) as t(run text, texts text) join spell_runner.batches s
            on s.run = t.run and s.first_seq = b.prev + 1 and s.day = r.journal_day and s.texts = t.texts
          where t.run = b.run
        ))
      )
      returning r.id, r.journal_day
    )
    select made || coalesce(array_agg(id), '{}'), days || coalesce(array_agg(journal_day), '{}') from moved into fine, days;
  end if;
  -- A batch may come again, because nobody knows whether it arrived: what it adds is added once. Nearly always all are of one day: to join each with its own took twice the time.
  fresh := '{}';
  ofday := fine;
  each := days[1:1];
  mixed := not days[1] = all (days);
  if mixed then
    select array_agg(distinct u) from unnest(days) u into each;
  end if;
  foreach d in array each loop
    if mixed then
      select array_agg(f.run) from unnest(fine, days) as f(run, day) where f.day = d into ofday;
    end if;
    with added as (
      insert into spell_runner.batches (run, first_seq, last_seq, texts, day)
        select b.run, b.prev + 1, b.last, b.texts, d
        from json_to_recordset($1) as b(run text, prev bigint, last bigint, texts text)
        where b.last > b.prev and b.run = any (ofday)
        on conflict do nothing
        returning run
    )
    select fresh || coalesce(array_agg(run), '{}') from added into fresh;
    if json_array_length($3) > 0 then
      insert into spell_runner.blobs (run, hash, value, day)
        select b.run, b.hash, b.value, d from json_to_recordset($3) as b(run text, hash text, value text) where b.run = any (ofday)
        on conflict do nothing;
    end if;
  end loop;
  if json_array_length($2) > 0 then
    for w in
      select * from json_to_recordset($2) as w(run text, owner text, spell text, session text, key text, value text, base text, revision integer) where w.run = any (fresh)
    loop
      insert into spell_runner.state as s (owner, spell, session, key, value) values (w.owner, w.spell, w.session, w.key, w.value::json)
      on conflict (owner, spell, session, key) do update set
        value = case when s.revision = w.revision then excluded.value else spell_runner.merge_texts(w.base, w.value, s.value::text) end,
        revision = s.revision + 1;
    end loop;
  end if;
  return query select unnest(fine);
end
$function$;
