import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { createApp } from '../../../relay/http/app.ts'
import { Store } from '../../../relay/store.ts'
import { TreeFiles } from '../../../relay/tree/tree-files.ts'
import { Witness } from '../../../relay/witness/witness.ts'
import { signerOf } from '../../support/community.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { NOTHING_SUBMITTED } from './submissions.ts'

const TILES = {
  'tile/0/000': 'full',
  'tile/0/001.p/7': 'partial',
  'tile/entries/x001/234.p/255': 'bundle',
}

function server() {
  const folder = join(temporaryFolder(), 'log')
  const app = createApp({
    assets: undefined,
    log: new TreeFiles(folder),
    witness: new Witness({
      store: new Store(':memory:'),
      verifier: createVerifier(),
      signer: signerOf('witness'),
      clock: turnedClock(0),
    }),
    submissions: NOTHING_SUBMITTED,
    facts: () => undefined,
  })
  const ask = (path: string, method = 'GET') =>
    app.request(`/log/${path}`, { method, headers: { Host: 'localhost' } })
  return { folder, ask }
}

test('KEEP-6: tiles are for everybody and for ever, a checkpoint is asked for each time', async () => {
  const { folder, ask } = server()
  expect((await ask('checkpoint')).status).toBe(404)
  for (const [path, content] of Object.entries(TILES)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  writeFileSync(join(folder, 'checkpoint'), 'note')
  for (const [path, content] of Object.entries(TILES)) {
    const answer = await ask(path)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(content.length),
      'cache-control': 'public, max-age=31536000, immutable',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
    })
    expect([answer.status, await answer.text()]).toEqual([200, content])
    const head = await ask(path, 'HEAD')
    expect([head.status, head.headers.get('Content-Length'), await head.text()]).toEqual([
      200,
      String(content.length),
      '',
    ])
  }
  const checkpoint = await ask('checkpoint')
  expect(checkpoint.headers.get('Cache-Control')).toBe('no-store')
  expect(checkpoint.headers.get('Content-Type')).toBe('text/plain; charset=utf-8')
  expect(await checkpoint.text()).toBe('note')
})

test('what is no file of the log is not there, whatever stands on the disk', async () => {
  const { folder, ask } = server()
  mkdirSync(join(folder, 'tile/0/001.p'), { recursive: true })
  writeFileSync(join(folder, '../log.key'), 'secret')
  writeFileSync(join(folder, '.draft'), 'half')
  for (const path of [
    '',
    '.draft',
    'tile',
    'tile/0',
    'tile/0/001.p',
    'tile/0/1',
    'tile/00/000',
    'tile/64/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/07',
    'tile/0/x000/000',
    '..%2flog.key',
    'tile/..%2f..%2f..%2flog.key',
  ]) {
    const answer = await ask(path)
    expect([answer.status, await answer.json()], path).toEqual([404, { error: 'not-found' }])
  }
  expect((await ask('checkpoint', 'POST')).status).toBe(405)
})
