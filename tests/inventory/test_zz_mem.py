import resource, time, pytest
from tests.inventory.test_resources import *
def rss():
    return int(open('/proc/self/statm').read().split()[1])*4/1024
def test_mem():
    body=("sku,name,barcode,price,weight_grams,stocked\n"+"".join(f"S{n:06},Product with a longer name {n},{n:013},12.50,100,yes\n" for n in range(100_000))).encode()
    print("body", len(body)/1e6)
    peak=[0]
    import threading
    stop=[False]
    def w():
        while not stop[0]:
            peak[0]=max(peak[0],rss()); time.sleep(.02)
    threading.Thread(target=w,daemon=True).start()
    for label,f in [("preview",lambda: imported(ProductResource(),body,dry_run=True)),("import",lambda: imported(ProductResource(),body)),("csv",lambda: exported(ProductResource(),CsvFormat)),("xlsx",lambda: exported(ProductResource(),XlsxFormat))]:
        import gc; gc.collect()
        a=rss(); peak[0]=0; t=time.time(); f(); print(label, round(time.time()-t,1),"s +", round(peak[0]-a),"MB")
    stop[0]=True
    assert 0
