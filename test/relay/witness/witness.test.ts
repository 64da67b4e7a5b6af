import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { MAX_WITNESS_REQUEST_BYTES } from '../../../protocol/limits.ts'
import { logKey, logOrigin, type SignedCheckpoint } from '../../../protocol/log/checkpoint.ts'
import { verifyCosignatures } from '../../../protocol/log/cosignature.ts'
import { parseNote, parseSignatures } from '../../../protocol/log/signed-note.ts'
import { encodeAddCheckpoint } from '../../../protocol/log/witness.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { createApp } from '../../../relay/http/app.ts'
import { Store } from '../../../relay/store.ts'
import { TreeFiles } from '../../../relay/tree/tree-files.ts'
import { Witness } from '../../../relay/witness/witness.ts'
import { NOON, signerOf } from '../../support/community.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { foundLoggedCommunity, History, type LoggedCommunity } from '../../support/log.ts'
import { NOTHING_SUBMITTED } from '../http/submissions.ts'

const verifier = createVerifier()
let house: LoggedCommunity
let honest: History
let other: History
beforeAll(async () => {
  house = await foundLoggedCommunity()
  honest = await History.of(house, 6)
  other = await History.of(house, 6, 'other', 2)
})

/** A witness behind its door; by default it follows the log. */
function witnessOf({ follows = true, file = ':memory:' } = {}) {
  const store = new Store(file)
  const clock = turnedClock(NOON * 1000)
  const witness = new Witness({ store, verifier, signer: signerOf('Wanda'), clock })
  if (follows) witness.follow(logKey(house.community, house.log.publicKey))
  const app = createApp({
    assets: undefined,
    log: new TreeFiles(join(temporaryFolder(), 'log')),
    witness,
    submissions: NOTHING_SUBMITTED,
    facts: () => undefined,
  })
  const headers = { Host: 'localhost' }
  return {
    store,
    clock,
    witness,
    post: (body: Uint8Array) =>
      app.request('/witness/add-checkpoint', {
        method: 'POST',
        body: body as Uint8Array<ArrayBuffer>,
        headers,
      }),
    get: (path: string) => app.request(path, { headers }),
  }
}

function bodyFor(old: number, history: History, checkpoint: SignedCheckpoint): Uint8Array {
  const proof = old === 0 ? [] : history.consistency(old, checkpoint.size)
  return encodeAddCheckpoint({ old, proof, note: checkpoint.note })
}

describe('a witness', () => {
  test('WIT-4: cosigns what continues what it cosigned before, and remembers it', async () => {
    const { store, post, get } = witnessOf()
    for (const [old, size] of [
      [0, 3],
      [3, 3],
      [3, 6],
    ] as const) {
      const checkpoint = await honest.checkpoint(size)
      const answer = await post(bodyFor(old, honest, checkpoint))
      expect([answer.status, answer.headers.get('Content-Type')]).toEqual([200, 'text/plain; charset=utf-8'])
      const lines = parseSignatures(await answer.text())
      const note = { text: checkpoint.note.text, signatures: lines.ok ? lines.value : [] }
      const by = await verifyCosignatures(verifier, [signerOf('Wanda').publicKey], note)
      expect(by.ok && by.value).toMatchObject([{ time: NOON }])
      expect(store.witnessed(logOrigin(house.community))?.size).toBe(size)
    }
    const hash = createHash('sha256').update(logOrigin(house.community)).digest('hex')
    const last = await get(`/witness/${hash}/checkpoint`)
    expect([last.status, last.headers.get('Access-Control-Allow-Origin')]).toEqual([200, '*'])
    const note = parseNote(new Uint8Array(await last.arrayBuffer()))
    expect(note.ok && note.value.signatures.map(({ name }) => name)).toEqual([
      logOrigin(house.community),
      `palabre/v1/witness/${signerOf('Wanda').publicKey}`,
    ])
  })

  test('refuses with the status of the specification and one sentence, and stores nothing', async () => {
    const { store, post, get } = witnessOf()
    const three = await honest.checkpoint(3)
    expect((await post(bodyFor(0, honest, three))).status).toBe(200)
    const before = [store.witnessed(logOrigin(house.community)), store.cosigned(logOrigin(house.community))]
    const six = await honest.checkpoint(6)
    const stranger = new History({ ...house, log: signerOf('another log') }, honest.entries)
    const elsewhere = await foundLoggedCommunity(signerOf('a log elsewhere'))
    const far = await History.of(elsewhere, 3)
    const cases: [Uint8Array, number, string][] = [
      [new Uint8Array(), 400, 'request-malformed'],
      [new TextEncoder().encode('old x\n\n'), 400, 'request-malformed'],
      [new TextEncoder().encode('old 3\n\nno note'), 400, 'note-malformed'],
      [new Uint8Array(MAX_WITNESS_REQUEST_BYTES + 1), 413, 'too-large'],
      [bodyFor(0, far, await far.checkpoint()), 404, 'log-unknown'],
      [bodyFor(3, stranger, await stranger.checkpoint()), 403, 'signer-missing'],
      [encodeAddCheckpoint({ old: 9, proof: [], note: six.note }), 400, 'request-malformed'],
      [encodeAddCheckpoint({ old: 3, proof: [], note: six.note }), 422, 'proof-wrong'],
      [bodyFor(3, other, await other.checkpoint(6)), 422, 'proof-wrong'],
      [bodyFor(3, other, await other.checkpoint(3)), 422, 'log-forked'],
    ]
    for (const [body, status, code] of cases) {
      const answer = await post(body)
      const { error, message } = await answer.json()
      expect([answer.status, error], code).toEqual([status, code])
      expect(message).toMatch(/^[A-Z].*\.$/)
    }
    const conflict = await post(bodyFor(0, honest, six))
    expect([conflict.status, conflict.headers.get('Content-Type'), await conflict.text()]).toEqual([
      409,
      'text/x.tlog.size',
      '3\n',
    ])
    const after = [store.witnessed(logOrigin(house.community)), store.cosigned(logOrigin(house.community))]
    expect(after).toEqual(before)
    for (const path of ['/witness/xyz/checkpoint', '/witness/add-checkpoint', '/witness/'])
      expect((await get(path)).status).toBe(404)
  })

  test('of one log is none of another', async () => {
    const { post } = witnessOf({ follows: false })
    expect((await post(bodyFor(0, honest, await honest.checkpoint(3)))).status).toBe(404)
  })

  test('does not cosign both of two forks that come at once', async () => {
    const { post } = witnessOf()
    const bodies = [
      bodyFor(0, honest, await honest.checkpoint(6)),
      bodyFor(0, other, await other.checkpoint(6)),
    ]
    const statuses = (await Promise.all(bodies.map((body) => post(body)))).map(({ status }) => status)
    expect(statuses.sort()).toEqual([200, 409])
  })

  test('remembers after a restart, and what it could not store it does not cosign', async () => {
    const file = join(temporaryFolder(), 'ledger.sqlite')
    const first = witnessOf({ file })
    expect((await first.post(bodyFor(0, honest, await honest.checkpoint(3)))).status).toBe(200)
    first.store.close()
    const second = witnessOf({ file })
    expect((await second.post(bodyFor(0, other, await other.checkpoint(6)))).status).toBe(409)
    second.store.putWitnessed = () => {
      throw new Error('disk full')
    }
    const answer = await second.witness.add(bodyFor(3, honest, await honest.checkpoint(6))).catch(String)
    expect(answer).toBe('Error: disk full')
    second.store.close()
  })

  test('is asked too often', async () => {
    const { post, clock } = witnessOf()
    const body = bodyFor(0, honest, await honest.checkpoint(3))
    const statuses = new Set<number>()
    for (let i = 0; i < 65; i++) statuses.add((await post(body)).status)
    expect([...statuses]).toEqual([200, 409, 429])
    clock.turn(1_000)
    expect((await post(body)).status).toBe(409)
  })
})
