/** The platform's own schema in the database, and what takes rights away from everybody. Runs when the server is first reached. */
import { harden } from './harden.ts'
import type { Session } from './session.ts'

const LOCK = '7310571930114'
/** Longer than a run lives. */
export const ANSWER_DAYS = 8

/**
 * `begin_step` gives the answer of a step that is done; a second session with the same key waits there until the first
 * one has ended. Both take the organization from the login, so no argument can name another.
 */
const SCHEMA = [
  'create schema if not exists clarion',
  'create table if not exists clarion.state (name text primary key, value text not null)',
  `create table if not exists clarion.steps (
    login name not null, step text not null, answer text, made_at timestamptz not null default pg_catalog.now(),
    primary key (login, step))`,
  `create table if not exists clarion.growth (
    login name primary key, bytes bigint not null, grown bigint not null, since timestamptz not null,
    measured_at timestamptz not null)`,
  'create index if not exists steps_made_at on clarion.steps (made_at)',
  `create or replace function clarion.begin_step(key text) returns text language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
    begin
      insert into clarion.steps (login, step) values (session_user, key) on conflict do nothing;
      if found then return null; end if;
      return (select s.answer from clarion.steps s where s.login = session_user and s.step = key);
    end $$`,
  `create or replace function clarion.end_step(key text, given text) returns void language sql security definer
    set search_path = pg_catalog, pg_temp as $$
    update clarion.steps s set answer = given where s.login = session_user and s.step = key $$`,
  'revoke all on all tables in schema clarion from public',
  'revoke all on all functions in schema clarion from public',
  'grant usage on schema clarion to public',
  'grant execute on function clarion.begin_step(text), clarion.end_step(text, text) to public',
]

/** True: organizations' SQL can be allowed (see `harden`). */
export async function install(owner: Session): Promise<boolean> {
  await owner.run('select pg_catalog.pg_advisory_lock($1)', [LOCK])
  try {
    await atOnce(owner, SCHEMA)
    return await harden(owner)
  } finally {
    await owner.run('select pg_catalog.pg_advisory_unlock($1)', [LOCK]).catch(() => undefined)
  }
}

/** In one transaction: between a revoke and the grant behind it, steps of other processes would be refused. */
async function atOnce(owner: Session, statements: readonly string[]): Promise<void> {
  await owner.run('begin')
  try {
    for (const text of statements) await owner.run(text)
    await owner.run('commit')
  } catch (error) {
    await owner.run('rollback').catch(() => undefined)
    throw error
  }
}

/** Forgets answers that no run can ask for any more. */
export async function forgetSteps(owner: Session): Promise<number> {
  const { rowCount } = await owner.run(
    `delete from clarion.steps where made_at < pg_catalog.now() - interval '${ANSWER_DAYS} days'`,
  )
  return rowCount
}
