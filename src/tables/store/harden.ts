/**
 * Revokes grants of a new database to everybody that organizations must not have: the catalogs, where the names of others' tables
 * are, and every function that reads or does something beyond its arguments. Stable and volatile functions are revoked
 * unless they are listed, so a new release of PostgreSQL brings no new one. Only the owner of the database's catalogs (a
 * superuser) may revoke; where it may not, organizations' own SQL stays off.
 */
import type { Session } from './session.ts'

/** To be raised with every change of this file that takes more away. */
const HARDENING = 1

/** Stable or volatile, and harmless: of time, randomness, text and JSON. */
const HARMLESS = [
  'age',
  'array_(?:sample|shuffle|to_json|to_string)',
  '(?:clock|statement|transaction)_timestamp',
  'concat(?:_ws)?',
  'convert(?:_from|_to)?',
  'date_(?:add|part|subtract|trunc)',
  'date_cmp_timestamptz',
  'enum_(?:first|last|range)',
  'extract',
  'format',
  'gen_random_uuid',
  'generate_series',
  'in_range',
  'jsonb?_\\w+',
  'length',
  'make_timestamptz',
  'now',
  'overlaps',
  '(?:phrase|plain|websearch_)?to_tsquery',
  'quote_(?:literal|nullable)',
  'random(?:_normal)?',
  'row_to_json',
  'timestamp(?:tz)?(?:_cmp_\\w+)?',
  'timezone',
  'to_(?:char|date|jsonb?|number|timestamp|tsvector)',
  'ts_headline',
  'uuidv[47]',
]

/** Immutable, and yet they write the names of roles. */
const REVEALING = ['makeaclitem', 'acldefault']

/** Operators, casts, aggregates and types need their functions; functions with `internal` cannot be called in SQL. */
const FUNCTIONS = `
  select p.oid::regprocedure::text from pg_catalog.pg_proc p
  where p.pronamespace = 'pg_catalog'::regnamespace
    and (p.proname = any ($2::text[]) or p.provolatile <> 'i' and p.proname !~ $1)
    and not 'internal'::regtype = any (p.proargtypes)
    and not exists (select 1 from pg_catalog.pg_operator o where o.oprcode = p.oid)
    and not exists (select 1 from pg_catalog.pg_cast c where c.castfunc = p.oid)
    and not exists (
      select 1 from pg_catalog.pg_aggregate a where p.oid in (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn,
        a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn))
    and not exists (
      select 1 from pg_catalog.pg_type t where p.oid in (t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout))`

/** Grants that must be gone afterwards. */
const IS_HARDENED = `
  select not pg_catalog.has_table_privilege('public', 'pg_catalog.pg_class', 'select')
    and not pg_catalog.has_function_privilege('public', 'pg_catalog.set_config(text,text,boolean)', 'execute')
    and not pg_catalog.has_function_privilege('public', 'pg_catalog.pg_sleep(double precision)', 'execute')`

/** Takes half a second, once per database and release. True: organizations' SQL can be allowed. */
export async function harden(owner: Session): Promise<boolean> {
  const { rows } = await owner.run(
    'select pg_catalog.current_setting($1), pg_catalog.quote_ident(current_database())',
    ['server_version_num'],
  )
  const [version, database] = rows[0] as [string, string]
  const mark = `${HARDENING}/${version}`
  const known = await owner.run("select value from clarion.state where name = 'hardening'")
  if (known.rows[0]?.[0] !== mark) {
    for (const text of [`revoke all on database ${database} from public`, 'revoke all on schema public from public'])
      await owner.run(text).catch(() => undefined)
    await owner.run('revoke usage on language plpgsql from public').catch(() => undefined)
    await owner
      .run('revoke select on all tables in schema pg_catalog, information_schema from public')
      .catch(() => undefined)
    const names = await owner.run(FUNCTIONS, [`^(?:${HARMLESS.join('|')})$`, `{${REVEALING.join(',')}}`])
    await owner
      .run(`revoke execute on function ${names.rows.map(([name]) => name).join(', ')} from public`)
      .catch(() => undefined)
  }
  const isHardened = (await owner.run(IS_HARDENED)).rows[0]?.[0] === 't'
  if (isHardened)
    await owner.run(
      "insert into clarion.state values ('hardening', $1) on conflict (name) do update set value = excluded.value",
      [mark],
    )
  return isHardened
}
