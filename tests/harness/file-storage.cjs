// A storage plugin for the deepstream server that keeps records in a file, so that they outlive the server's process.
const { readFileSync, writeFileSync } = require('node:fs');

module.exports = class FileStorage {
  /** @param {{ file: string }} options where to keep the records; the file need not exist */
  constructor({ file }) {
    this.description = 'File Storage';
    this.file = file;
    this.records = new Map();
    try {
      this.records = new Map(JSON.parse(readFileSync(file, 'utf8')));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }

  async whenReady() {}

  async close() {}

  get(name, callback) {
    const { version, text } = this.records.get(name) ?? { version: -1, text: 'null' };
    process.nextTick(callback, null, version, JSON.parse(text));
  }

  set(name, version, data, callback) {
    const text = JSON.stringify(data);
    this.records.set(name, { version, text });
    // See `onTaken` in deepstream-server.mjs.
    if (process.connected) process.send({ message: { record: name, text } }, () => {});
    this.#save(callback);
  }

  delete(name, callback) {
    this.records.delete(name);
    this.#save(callback);
  }

  deleteBulk(names, callback) {
    for (const name of names) this.records.delete(name);
    this.#save(callback);
  }

  #save(callback) {
    writeFileSync(this.file, JSON.stringify([...this.records]));
    process.nextTick(callback, null);
  }
};
