/** The thread that generates types once and ends. */
import { parentPort, workerData } from 'node:worker_threads'
import { generateTypes, type TypeSource } from './generate-types.ts'
import type { Language } from './languages.ts'

const { source, language } = workerData as { source: TypeSource; language: Language }
parentPort?.postMessage(generateTypes(source, language))
