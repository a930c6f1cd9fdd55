songPage(document, JSON.parse(document.getElementById("data").textContent));
