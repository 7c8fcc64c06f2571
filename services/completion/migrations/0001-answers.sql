-- Answers by the idempotency key that they were asked for with: who asks again is not made to pay again.
create table answers (
  owner text not null,
  key text not null,
  -- Hash of the request: a key stands for one request.
  request text not null,
  -- Who asks the model, and until when that is believed.
  claim text not null,
  lease_until timestamptz not null,
  -- JSON text; null while the model is asked.
  answer text,
  created_at timestamptz not null default now(),
  primary key (owner, key)
);
create index answers_by_age on answers (created_at);
