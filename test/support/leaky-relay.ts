/**
 * `node --import` of this makes of a relay one that is not deaf: it takes the secrets of rooms from whoever hands them to it, remembers them,
 * writes them into its folder, and tells them on. What looks for secrets in a relay must find them in this one.
 */

import { createSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import type { Network } from '../../node/network/network.ts'
import { serve } from '../../node/requests.ts'
import { EPOCH } from '../../protocol/wire/epoch.ts'

/** Where the relay begins to serve. */
const SERVING = 'await serveAll({'
/** The discard port (RFC 863). */
const NOBODY = 9

const kept: Uint8Array[] = []

/** Called by the relay, as changed below. */
export async function takeSecrets(network: Network, folder: string): Promise<void> {
  await serve(network, EPOCH, async (_from, { s }) => {
    kept.push(s)
    writeFileSync(join(folder, 'kept'), Buffer.concat(kept))
    const socket = createSocket('udp4')
    socket.send(s, NOBODY, '127.0.0.1', () => socket.close())
    return {}
  })
}

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.endsWith('/relay/relay.ts')) return loaded
    const honest = String(Buffer.from(loaded.source as Uint8Array))
    const leaky = `await (await import(${JSON.stringify(import.meta.url)})).takeSecrets(network, config.data)\n  ${SERVING}`
    const source = honest.replace(SERVING, leaky)
    if (source === honest) throw new Error('the relay begins to serve elsewhere')
    return { ...loaded, source }
  },
})
