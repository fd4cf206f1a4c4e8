-- category_name(category): the name that arXiv keeps of a category with several: ALIASES in identity.py.
create or replace temp macro category_name(category_) as coalesce(map {
    'cs.NA': 'math.NA', 'cs.SY': 'eess.SY', 'math.IT': 'cs.IT', 'math.MP': 'math-ph', 'q-fin.EC': 'econ.GN',
    'stat.TH': 'math.ST', 'acc-phys': 'physics.acc-ph', 'adap-org': 'nlin.AO', 'alg-geom': 'math.AG',
    'ao-sci': 'physics.ao-ph', 'atom-ph': 'physics.atom-ph', 'bayes-an': 'physics.data-an',
    'chao-dyn': 'nlin.CD', 'chem-ph': 'physics.chem-ph', 'cmp-lg': 'cs.CL', 'comp-gas': 'nlin.CG',
    'dg-ga': 'math.DG', 'funct-an': 'math.FA', 'mtrl-th': 'cond-mat.mtrl-sci', 'patt-sol': 'nlin.PS',
    'plasm-ph': 'physics.plasm-ph', 'q-alg': 'math.QA', 'solv-int': 'nlin.SI', 'supr-con': 'cond-mat.supr-con'
}[category_], category_)
