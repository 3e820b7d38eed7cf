"""The frame of a report: one template, no script, nothing from outside."""

from string import Template

PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<main>
<header>
<h1>$title</h1>
$warning$key_figures<div class="summary">
$summary
</div>
$contents</header>
$sections
</main>
</body>
</html>
""")
