import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const entry = import.meta.resolve('@libp2p/webrtc')

/** The installed source of a module of `@libp2p/webrtc`, as Node and the bundler both read it. */
const installed = (module: string): string =>
  readFileSync(fileURLToPath(new URL(`private-to-private/${module}.js`, entry)), 'utf8')

describe('node/patches: @libp2p/webrtc', () => {
  test('an init channel that the recipient has already closed is not waited for', () => {
    const source = installed('initiate-connection')
    expect(source).toContain("if (channel.readyState === 'connecting') {")
    expect(source).toContain("if (channel.readyState !== 'closed') {")
    expect(source).not.toContain("if (channel.readyState !== 'open') {")
  })

  test('the abort listener of a departed peer goes with its connection', () => {
    const source = installed('transport')
    expect(source).toContain("webRTCConn.addEventListener('close', () => {")
    expect(source).not.toContain("pc.addEventListener('close'")
  })

  test('a connection that failed, or is not there yet, is not taken for a connected one', () => {
    expect(installed('util')).toContain(
      "if (pc.connectionState === 'failed' || pc.connectionState === 'closed') {",
    )
    expect(installed('util')).toContain('connectedPromise.promise.then(resolve, reject);')
  })
})

test('node/patches: @libp2p/yamux: a stream that cannot be opened any more ends, and not the process', () => {
  const source = readFileSync(new URL('muxer.js', import.meta.resolve('@libp2p/yamux')), 'utf8')
  expect(source).toMatch(
    /try {\s*stream\.sendWindowUpdate\(\);\s*}\s*catch \(err\) {\s*stream\.abort\(err\);/,
  )
})
