-- Commits entries of many runs (services/spell-runner/runs/commit.ts): runs with what changes of them, entries, writes of state, the runner. Answers the runs that
-- were not refused. A function, because its plan is kept: to plan such a statement takes longer than to run it. The plan may be as old as the tables, which were
-- empty then, and PGlite never analyzes by itself: it must not read all runs to find some.
create function commit_batches(json, json, json, text) returns setof text language plpgsql set enable_seqscan = off as $function$
#variable_conflict use_column
begin
  return query
  with b as (
    select * from json_to_recordset($1) as b(
      run text, attempt integer, prev bigint, last bigint, made boolean,
      owner text, spell text, revision integer, draft text, library text, limits text, inputs text, session text, keeps_state boolean, started_at bigint,
      status text, outputs text, error text, digest text, ended_at bigint)
  ), made as (
    insert into spell_runner.runs
      (id, owner, spell, revision, draft, library, limits, session, keeps_state, status, inputs, outputs, error, last_seq, digest, attempt, runner, started_at, ended_at)
    select b.run, b.owner, b.spell, b.revision, b.draft, b.library::json, b.limits::json, b.session, b.keeps_state, coalesce(b.status, 'running'), b.inputs::json,
      coalesce(b.outputs, '{}')::json, b.error::json, b.last, coalesce(b.digest, ''), b.attempt, case when b.ended_at > 0 then null else $4 end, b.started_at, coalesce(b.ended_at, 0)
    from b where b.made
    on conflict (id) do nothing
    returning id
  ), moved as (
    update spell_runner.runs r set
      last_seq = b.last, status = coalesce(b.status, r.status), outputs = coalesce(b.outputs::json, r.outputs), error = coalesce(b.error::json, r.error),
      digest = coalesce(b.digest, r.digest), ended_at = coalesce(b.ended_at, r.ended_at), runner = case when b.ended_at > 0 then null else r.runner end
    from b
    where r.id = any (array(select run from b)) and r.id = b.run and r.attempt = b.attempt and (
      (r.runner = $4 and r.last_seq in (b.prev, b.last)) or (r.runner is null and r.last_seq = b.last and r.digest = b.digest)
    )
    returning r.id
  ), fine as (
    select id from made union select id from moved
  ), put as (
    insert into spell_runner.entries (run, seq, entry)
    select e.run, e.seq, coalesce(e.entry, e.text::json)
    from json_to_recordset($2) as e(run text, seq bigint, entry json, text text) join fine on fine.id = e.run
    on conflict do nothing
  ), kept as (
    insert into spell_runner.state as s (owner, spell, session, key, value)
    select w.owner, w.spell, w.session, w.key, w.value::json
    from json_to_recordset($3) as w(run text, owner text, spell text, session text, key text, value text) join fine on fine.id = w.run
    on conflict (owner, spell, session, key) do update set value = excluded.value, revision = s.revision + 1
  )
  select id from fine;
end
$function$;

-- Entries come in by that function alone, and only for runs that are there: to look each run up again for each entry took a sixth of all time under load.
-- What removes runs removes their entries.
alter table entries drop constraint entries_run_fkey;
