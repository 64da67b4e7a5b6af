import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { createContext, runInContext, runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { TRACKS_SCRIPT } from './browsers-tracks.ts'

/** What the script asks of a browser before anybody asks the script. */
const BROWSER = `
  const window = globalThis
  globalThis.RTCPeerConnection = class extends EventTarget { connectionState = 'new' }
  globalThis.MediaStream = class {}
  globalThis.Audio = class { play() { return Promise.resolve() } }
`

test('a page lets go of a connection that it closed, and the next one has the next number', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const page = createContext({ EventTarget, Event, btoa })
  const run = (script: string) => runInContext(script, page)
  run(BROWSER)
  run(TRACKS_SCRIPT)
  // Each in a scope of its own: what a page has no name for is collected.
  const use = `(() => {
    const connection = new RTCPeerConnection()
    const track = Object.assign(new Event('track'), { track: { kind: 'audio', id: 'voice' }, streams: [] })
    connection.dispatchEvent(track)
    connection.connectionState = 'closed'
    return new WeakRef(connection)
  })()`
  const refs = [run(use), run(use)] as WeakRef<object>[]
  // A reference that was made in this turn holds until the next.
  await setImmediate()
  collect()
  expect(refs.map((ref) => ref.deref())).toEqual([undefined, undefined])
  const heard = run('window.__lab.tracks().map(({ connection }) => connection)') as number[]
  expect([...heard]).toEqual([0, 1])
  expect(await run('window.__lab.audio()')).toHaveLength(0)
})
