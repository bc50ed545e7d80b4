// Everything that a page of this origin can find in what the browser keeps.

/** All entries of localStorage, sessionStorage, IndexedDB and script's view of the cookies, as one text. */
export const storedText = (page) =>
  page.evaluate(async () => {
    const done = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const databases = {};
    for (const { name } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const records = database.transaction(store).objectStore(store);
        databases[`${name}/${store}`] = [await done(records.getAllKeys()), await done(records.getAll())];
      }
      database.close();
    }
    return JSON.stringify({
      local: { ...localStorage },
      session: { ...sessionStorage },
      databases,
      cookie: document.cookie,
      caches: await caches.keys(),
      window: globalThis.name,
    });
  });
