import { expect, test } from 'vitest'
import { MAX_ENVELOPE_BYTES } from '../../protocol/limits.ts'
import { Passing } from '../../relay/passing.ts'

const NEVER = AbortSignal.any([])
const STATEMENT = Uint8Array.of(1, 2, 3)
const PROMISE = Uint8Array.of(9)

/** Relays by their origins, and what each was asked, in order. */
function relays(answers: Readonly<Record<string, () => Response>>) {
  const asked: string[] = []
  const fetcher = (async (url: URL, init: RequestInit) => {
    asked.push(url.href)
    expect(init).toMatchObject({ method: 'POST', body: STATEMENT })
    const answer = answers[url.origin]
    if (answer === undefined) throw new TypeError('fetch failed')
    return answer()
  }) as typeof fetch
  return { asked, passing: new Passing(Object.keys(answers).concat('http://gone.test'), fetcher) }
}

const promise = () => new Response(PROMISE)
const refuse =
  (error: unknown, status = 422) =>
  () =>
    Response.json({ error }, { status })

test('KEEP-7: a statement goes to the relay that keeps the log, marked so that it goes no further', async () => {
  const { asked, passing } = relays({ 'http://a.test': refuse('not-log', 503), 'http://b.test': promise })
  expect(await passing.statement(STATEMENT, NEVER)).toEqual({ ok: true, value: PROMISE })
  expect(asked).toEqual(['http://a.test/submit/statement?passed', 'http://b.test/submit/statement?passed'])
  // It knows by now where the log is.
  await passing.statement(STATEMENT, NEVER)
  expect(asked.slice(2)).toEqual(['http://b.test/submit/statement?passed'])
})

test('KEEP-7: the log’s refusal is passed on as it came, and asked of nobody else', async () => {
  const { asked, passing } = relays({ 'http://a.test': refuse('slot-spent'), 'http://b.test': promise })
  expect(await passing.statement(STATEMENT, NEVER)).toEqual({ ok: false, reason: 'slot-spent' })
  expect(asked).toHaveLength(1)
})

test.each([
  ['nobody is there', {}],
  ['it gives no reason', { 'http://a.test': refuse('because') }],
  ['it gives no JSON', { 'http://a.test': () => new Response('<h1>Bad Gateway</h1>', { status: 502 }) }],
  ['it gives too much', { 'http://a.test': () => new Response(new Uint8Array(MAX_ENVELOPE_BYTES + 1)) }],
])('KEEP-7: log-away when %s', async (_title, answers) => {
  const { passing } = relays(answers)
  expect(await passing.statement(STATEMENT, NEVER)).toEqual({ ok: false, reason: 'log-away' })
})

test('KEEP-7: a relay that knows no other, or none that keeps the log, says so', async () => {
  expect(await new Passing([]).statement(STATEMENT, NEVER)).toEqual({ ok: false, reason: 'not-log' })
})

test('KEEP-7: a profile goes to all of them, whoever is away', async () => {
  const { asked, passing } = relays({ 'http://a.test': () => new Response(null, { status: 204 }) })
  await passing.profile(STATEMENT, NEVER)
  expect(asked).toEqual(['http://a.test/submit/profile?passed', 'http://gone.test/submit/profile?passed'])
})
