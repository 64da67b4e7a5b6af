import { cpSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { folderSource } from '../../../node/audit/folder-source.ts'
import { decodeEntry } from '../../../protocol/community/entry.ts'
import { communityOf, openGenesis } from '../../../protocol/community/genesis.ts'
import type { Log } from '../../../protocol/log/checkpoint.ts'
import { openCheckpoint, type SignedCheckpoint } from '../../../protocol/log/checkpoint.ts'
import { logFile } from '../../../relay/http/log-files.ts'
import { TreeFiles } from '../../../relay/tree/tree-files.ts'
import { devicesOf, found, type LogRig, openLog, promised, verifier } from '../../relay/tree/log-rig.ts'
import type { Founded } from '../../support/community.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { good } from './book.ts'

/** One key, and two ledgers that it signs. */
export interface TwoFacedLog {
  readonly founded: Founded
  /** What everybody knows who has the genesis. */
  readonly log: Log
  readonly faces: readonly [Face, Face]
}

export interface Face {
  /** Its static files. */
  readonly folder: string
  readonly rig: LogRig
  /** What it shows by now. */
  checkpoint(): Promise<SignedCheckpoint>
}

/** A log that has told everybody the same so far, and from now on tells two stories. @param more entries of each beyond that */
export async function twoFacedLog(more: readonly [number, number]): Promise<TwoFacedLog> {
  const [one, other] = [temporaryFolder(), temporaryFolder()]
  const rig = await openLog(one)
  const founded = await found(rig)
  for (const statement of await devicesOf(founded, 3)) promised(await rig.keeper.submit(statement))
  await rig.publisher.begin()
  rig.close()
  cpSync(one, other, { recursive: true })

  const genesis = good(openGenesis(good(decodeEntry(founded.entries[0] as Uint8Array)).e))
  const log: Log = { community: communityOf(genesis), keys: [genesis.payload.log] }
  const faces: Face[] = []
  for (const [i, folder] of [one, other].entries()) {
    // Of a copy of Alice: in each story her chain goes on from the same place.
    const story = { ...founded, founder: { ...founded.founder } }
    const face = await openLog(folder)
    onTestFinished(() => face.close())
    await face.publisher.resume()
    for (const statement of await devicesOf(story, more[i] as number, `story ${i}`))
      promised(await face.keeper.submit(statement))
    await face.publisher.begin()
    const files = join(folder, 'log')
    const checkpoint = async () => {
      const bytes = await folderSource(files).checkpoint(AbortSignal.timeout(1000))
      return good(await openCheckpoint(verifier, log, bytes))
    }
    faces.push({ folder: files, rig: face, checkpoint })
  }
  return { founded, log, faces: faces as [Face, Face] }
}

/** Serves the static files of the folder that `pick` says, asked anew for every file. */
export async function serveLog(pick: (path: string) => string): Promise<URL> {
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '/').slice(1)
    const file = await logFile(new TreeFiles(pick(path)), path)
    response.writeHead(file?.status ?? 404)
    response.end(file && Buffer.from(await file.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
}
