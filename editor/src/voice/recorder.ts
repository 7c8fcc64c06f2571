/** Somebody who speaks, being recorded. */
export interface Recording {
  readonly startedAt: number
  /** Ends it, and gives what was said. */
  stop(): Promise<Blob>
  /** Ends it; nothing of it is kept. */
  cancel(): void
}

/** Speech is understood well at that, and two minutes of it fit into a message. */
const BITS_PER_SECOND = 32_000
const TYPES = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4']

/** Begins to record. Rejects with words for whoever wants to speak. */
export async function record(): Promise<Recording> {
  const stream = await openMicrophone()
  const type = TYPES.find(one => MediaRecorder.isTypeSupported(one))
  const recorder = new MediaRecorder(stream, {
    audioBitsPerSecond: BITS_PER_SECOND,
    ...(type ? { mimeType: type } : {}),
  })
  const pieces: Blob[] = []
  recorder.addEventListener('dataavailable', ({ data }) => void (data.size > 0 && pieces.push(data)))
  const stopped = new Promise<Blob>(resolve =>
    recorder.addEventListener('stop', () => {
      for (const track of stream.getTracks()) track.stop()
      resolve(new Blob(pieces, { type: recorder.mimeType.split(';')[0] ?? '' }))
    }),
  )
  recorder.start()
  const end = () => {
    if (recorder.state !== 'inactive') recorder.stop()
    return stopped
  }
  return { startedAt: Date.now(), stop: end, cancel: () => void end() }
}

async function openMicrophone(): Promise<MediaStream> {
  const devices = navigator.mediaDevices as MediaDevices | undefined
  if (!devices) throw new Error('A page may use the microphone over https or on localhost only')
  try {
    return await devices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    })
  } catch (error) {
    const name = error instanceof DOMException ? error.name : ''
    throw new Error(WORDS[name] ?? `The microphone cannot be used: ${String(error)}`, { cause: error })
  }
}

const WORDS: Readonly<Record<string, string>> = {
  NotAllowedError: 'This page may not use the microphone: allow it beside the address',
  NotFoundError: 'There is no microphone',
  NotReadableError: 'Another program holds the microphone',
}

/** The data URL of some bytes. */
export function toDataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.addEventListener('load', () => resolve(typeof reader.result === 'string' ? reader.result : ''))
    reader.addEventListener('error', () => reject(reader.error ?? new Error('it could not be read')))
    reader.readAsDataURL(blob)
  })
}
