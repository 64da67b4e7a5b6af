/** Whom the browsers and the relay speak to while people talk: each other, and nobody else. */

import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { watchConnections } from '../support/connections.ts'
import type { Told } from '../support/strangers-scene.ts'

const SCENE = fileURLToPath(new URL('../support/strangers-scene.ts', import.meta.url))

/** An address for documentation (RFC 5737), where a relay's owner might run a STUN server. */
const STUN = '192.0.2.1:3478'

it('no one is told of a conversation', async () => {
  const { contacts, status, stdout, stderr } = await watchConnections([process.execPath, SCENE])
  expect({ status, stderr, contacts }).toEqual({ status: 0, stderr: '', contacts: [] })
  const { relay, alice, bob } = JSON.parse(stdout) as Told
  expect({ alice, bob }).toEqual({ alice: [relay], bob: [relay] })
})

it('the watch tells when the same conversation does reach somebody else', async () => {
  const { contacts } = await watchConnections([process.execPath, SCENE, '--ice', `stun:${STUN}`], {
    until: ({ remote }) => remote === STUN,
  })
  expect(contacts).toContainEqual(expect.objectContaining({ protocol: 'udp', remote: STUN }))
})
