import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { encodeValue } from '../../../protocol/codec.ts'
import { idBytes, keyBytes } from '../../../protocol/ids.ts'
import { MAX_WITNESS_REQUEST_BYTES } from '../../../protocol/limits.ts'
import { checkpointBytes, signCheckpoint } from '../../../protocol/log/checkpoint.ts'
import { HELLO, LEDGER } from '../../../protocol/wire/services.ts'
import { STATE } from '../../../protocol/wire/state-service.ts'
import { bytesOf, invite, presence, signerOf } from '../../support/community.ts'
import { now, refusalOf, refused } from '../../support/raw-client.ts'
import { besieged, elsewhere } from './besieged.ts'

const town = besieged()

describe('gives of its files', () => {
  test('nothing but the log, whatever the path says', async () => {
    const paths = [
      '/log/',
      '/log/checkpoint/',
      '/log/checkpoint.txt',
      '/log/.draft',
      '/log/Checkpoint',
      '/log/tile',
      '/log/tile/',
      '/log/tile/0',
      '/log/tile/0/0',
      '/log/tile/0/00',
      '/log/tile/0/000',
      '/log/tile/0/0000',
      '/log/tile/0/001',
      '/log/tile/0/x000/000',
      '/log/tile/0/-01',
      '/log/tile/00/000.p/15',
      '/log/tile/64/000.p/1',
      '/log/tile/entries/000',
      '/log/tile/entries/000.p/0',
      '/log/tile/entries/000.p/015',
      '/log/tile/entries/000.p/16',
      '/log/tile/entries/000.p/256',
      '/log/tile/entries/000.p/15/',
      '/log/tile/Entries/000.p/15',
      '/log/../ledger.sqlite',
      '/log/..%2fledger.sqlite',
      '/log/%2e%2e/log.key',
      '/log/%2e%2e%2flog.high-water',
      '/log/tile/../../log.key',
      '/log/tile/entries/000.p/..%2f..%2f..%2f..%2f..%2flog.key',
      '/log/checkpoint%00',
      '/log/%ff',
      '/log/%',
      `/log/tile/0/${'x999/'.repeat(40)}999`,
      `/log/${'a'.repeat(4096)}`,
    ]
    for (const path of paths) {
      const { status, body } = await ask('GET', path)
      expect([status, JSON.parse(body)], path).toEqual([404, { error: 'not-found' }])
    }
  })

  test('nothing to be changed: no other method is for them', async () => {
    for (const path of ['/log/checkpoint', '/log/tile/entries/000.p/15', '/witness/checkpoint']) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
        const { status, body } = await ask(method, path, 'a new checkpoint')
        expect([status, JSON.parse(body)], `${method} ${path}`).toEqual([
          405,
          { error: 'method-not-allowed' },
        ])
      }
    }
    const { status, body } = await ask('HEAD', '/log/checkpoint')
    expect([status, body]).toEqual([200, ''])
  })
})

describe('cosigns', () => {
  test('nothing of a log that it was not told to follow, its own among them, and nothing that is no request', async () => {
    const { checkpoint, own } = await checkpoints()
    const cases: [string, Uint8Array | string, number, string][] = [
      ['nothing', '', 400, 'request-malformed'],
      ['no request', 'a checkpoint, please', 400, 'request-malformed'],
      ['no text', Uint8Array.of(0xff, 0xfe, 0x0a), 400, 'request-malformed'],
      ['no size', 'old \n\n', 400, 'request-malformed'],
      ['a size with a sign', 'old -1\n\nx', 400, 'request-malformed'],
      ['a size with a zero before it', 'old 01\n\nx', 400, 'request-malformed'],
      ['a size beyond all integers', 'old 9007199254740993\n\nx', 400, 'request-malformed'],
      ['a hash that is none', 'old 1\nAAAA\n\nx', 400, 'request-malformed'],
      [
        '64 hashes',
        `old 1\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}\nx`,
        400,
        'request-malformed',
      ],
      ['no note', 'old 0\n\nx', 400, 'note-malformed'],
      [
        'a note that is no checkpoint',
        `old 0\n\nhello\n\n— a ${Buffer.alloc(68).toString('base64')}\n`,
        400,
        'checkpoint-malformed',
      ],
      ['another log', Buffer.concat([Buffer.from('old 0\n\n'), checkpoint]), 404, 'log-unknown'],
      ['its own log', Buffer.concat([Buffer.from('old 0\n\n'), own]), 404, 'log-unknown'],
      ['too much', 'x'.repeat(MAX_WITNESS_REQUEST_BYTES + 1), 413, 'too-large'],
    ]
    for (const [name, body, status, error] of cases) {
      const answer = await ask('POST', '/witness/add-checkpoint', body)
      expect(answer.status, name).toBe(status)
      const told = JSON.parse(answer.body) as { error: string; message: string }
      expect(told.error, name).toBe(error)
      expect(told.message, name).toMatch(/^[A-Z][^.]*\.$/)
    }
    for (const path of ['/witness/', '/witness/x/checkpoint', `/witness/${'0'.repeat(64)}/checkpoint`])
      expect(await ask('GET', path)).toMatchObject({ status: 404 })
  })
})

describe('is told of newer checkpoints', () => {
  test('by nobody who makes them up: it goes on taking statements', async () => {
    const { checkpoint, unsigned, own } = await checkpoints()
    const shown: [string, Uint8Array][] = [
      ['noise', bytesOf('noise')],
      ['one of another log', checkpoint],
      ['one of its log that another key signed', unsigned],
      ['its own with a signature that was changed', tampered(own)],
      ['its own with a larger size', Buffer.from(Buffer.from(own).toString().replace('\n15\n', '\n16\n'))],
      ['as long as one may be', new Uint8Array(8192)],
    ]
    for (const [name, cp] of shown) {
      const client = await town.connect()
      const { bytes } = await presence(town.seeded.trudy, client.session, now())
      expect(await client.ask(HELLO, { p: bytes, cp }), name).toMatchObject({ size: 15 })
      // What cannot be taken anyway is refused for its own reason, not because the log is behind.
      const put = (await invite({ ...town.seeded.trudy }, 2, town.seeded.at)).envelope.bytes
      expect(refused(await client.ask(LEDGER, { put })), name).toBe('slot-not-entitled')
      await client.vanish()
    }
  })

  test('in no longer form than a checkpoint may have', async () => {
    const client = await town.connect()
    const { bytes } = await presence(town.seeded.oscar, client.session, now())
    const frame = (cp: unknown) => encodeValue({ p: bytes, cp } as never)
    expect(await refusalOf(client, HELLO, frame(new Uint8Array(8193)))).toBe('field-invalid')
    expect(await refusalOf(client, HELLO, frame(new Uint8Array()))).toBe('field-invalid')
    expect(await refusalOf(client, HELLO, frame('a checkpoint'))).toBe('field-invalid')
    expect(await client.ask(LEDGER, { get: 0 })).toBe('reset')
  })
})

describe('proves of its state', () => {
  test('nothing to a stranger, and no record that cannot be', async () => {
    const stranger = await town.connect()
    expect(await stranger.ask(STATE, { get: [{ k: 'community', n: new Uint8Array() }] })).toBe('reset')

    const mallory = await town.member(town.seeded.mallory)
    const id = idBytes(town.seeded.alice.member)
    const cases: [string, unknown, string][] = [
      ['nothing', {}, 'field-missing'],
      ['no records', { get: [] }, 'field-invalid'],
      ['too many', { get: Array.from({ length: 33 }, () => ({ k: 'member', n: id })) }, 'field-invalid'],
      ['a kind that is not there', { get: [{ k: 'secret', n: id }] }, 'field-invalid'],
      ['a kind that every object has', { get: [{ k: 'constructor', n: id }] }, 'field-invalid'],
      ['a name that is too long', { get: [{ k: 'member', n: new Uint8Array(33) }] }, 'field-invalid'],
      ['a name of another length', { get: [{ k: 'member', n: id.slice(1) }] }, 'field-invalid'],
      ['a name for what has none', { get: [{ k: 'community', n: id }] }, 'field-invalid'],
      ['an index of another length', { get: [{ k: 'void', n: new Uint8Array(4) }] }, 'field-invalid'],
      ['a text for a name', { get: [{ k: 'member', n: 'Alice' }] }, 'field-invalid'],
      ['more than was asked', { get: [{ k: 'member', n: id, all: true }] }, 'field-unknown'],
    ]
    for (const [name, request_, reason] of cases)
      expect(await refusalOf(mallory, STATE, encodeValue(request_ as never)), name).toBe(reason)
    // What is not there is proved not to be there.
    const answer = await mallory.ask(STATE, {
      get: [
        { k: 'device', n: keyBytes(signerOf('nobody').publicKey) },
        { k: 'void', n: new Uint8Array(8).fill(0xff) },
        { k: 'member', n: id },
      ],
    })
    expect(answer === 'reset' ? answer : answer.proofs?.length).toBe(3)
  })
})

/** One of a log elsewhere, one in the name of ours by another key, and ours. */
async function checkpoints() {
  const { alice, at, relay } = town.seeded
  const head = { size: 1000, root: bytesOf('root'), state: bytesOf('state') }
  const other = await elsewhere(at)
  return {
    checkpoint: checkpointBytes(await signCheckpoint(signerOf('another log'), other.community, head)),
    unsigned: checkpointBytes(await signCheckpoint(signerOf('another log'), alice.community, head)),
    own: new Uint8Array(await (await fetch(new URL('/log/checkpoint', relay.origin))).arrayBuffer()),
  }
}

/** With another signature, which is base64 still. */
function tampered(note: Uint8Array): Uint8Array {
  const text = Buffer.from(note).toString()
  const at = text.lastIndexOf(' ') + 20
  return Buffer.from(text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1))
}

/** With the path as it is written: `fetch` would tidy it up. */
function ask(
  method: string,
  path: string,
  body?: Uint8Array | string,
): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(town.seeded.relay.origin)
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Length': Buffer.byteLength(body ?? '') }
    const sent = request({ hostname, port, method, path, headers }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
